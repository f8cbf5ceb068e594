"""
CloudFormation's intrinsic functions, resolved as far as this project's template uses them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

type Attributes = Callable[[str, str], str]

_NO_VALUE: Final = object()
_VARIABLE: Final = re.compile(r"\$\{(?P<literal>!)?(?P<name>[^}]+)\}")


class Resolver:
    """
    Replaces intrinsic functions by values.

    *parameters* include the pseudo parameters (``AWS::Region``…); *attribute* returns the value of
    Ref (attribute ``Ref``) or Fn::GetAtt for a resource.
    """

    def __init__(
        self,
        *,
        parameters: Mapping[str, Any],
        conditions: Mapping[str, Any],
        attribute: Attributes,
    ) -> None:
        self._parameters = parameters
        self._conditions = conditions
        self._attribute = attribute
        self._functions: Mapping[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::And": lambda parts: all(self.resolve(parts)),
            "Fn::Equals": lambda pair: str(self.resolve(pair[0])) == str(self.resolve(pair[1])),
            "Fn::GetAtt": self._get_att,
            "Fn::If": lambda given: self.resolve(given[1 if self.condition(given[0]) else 2]),
            "Fn::Join": lambda given: str(given[0]).join(map(str, self.resolve(given[1]))),
            "Fn::Not": lambda parts: not self.resolve(parts[0]),
            "Fn::Or": lambda parts: any(self.resolve(parts)),
            "Fn::Select": lambda given: self.resolve(given[1])[int(given[0])],
            "Fn::Split": lambda given: str(self.resolve(given[1])).split(given[0]),
            "Fn::Sub": self._sub,
        }

    def resolve(self, value: Any) -> Any:
        """
        Return *value* without intrinsic functions, and without members that are AWS::NoValue.

        Raises:
            ValueError: names a function, parameter or condition that does not exist.

        """
        if isinstance(value, dict):
            if len(value) == 1:
                [(name, argument)] = value.items()
                if name in self._functions:
                    return self._functions[name](argument)
                if name.startswith("Fn::"):
                    raise ValueError(f"{name} is not resolved by the local stack")
            members = ((name, self.resolve(member)) for name, member in value.items())
            return {name: member for name, member in members if member is not _NO_VALUE}
        if isinstance(value, list):
            elements = (self.resolve(element) for element in value)
            return [element for element in elements if element is not _NO_VALUE]
        return value

    def condition(self, name: str) -> bool:
        """Return True if the template's condition *name* holds."""
        if name not in self._conditions:
            raise ValueError(f"the template has no condition {name}")
        return bool(self.resolve(self._conditions[name]))

    def _ref(self, name: str) -> Any:
        if name == "AWS::NoValue":
            return _NO_VALUE
        if name in self._parameters:
            return self._parameters[name]
        return self._attribute(name, "Ref")

    def _get_att(self, given: str | list[str]) -> str:
        resource, _, name = (
            given.partition(".") if isinstance(given, str) else (given[0], "", given[1])
        )
        return self._attribute(resource, name)

    def _sub(self, given: str | list[Any]) -> str:
        text, own = (given, {}) if isinstance(given, str) else (given[0], self.resolve(given[1]))

        def value(match: re.Match[str]) -> str:
            name = match["name"]
            if match["literal"]:
                return f"${{{name}}}"
            if name in own:
                return str(own[name])
            return str(self._get_att(name) if "." in name else self._ref(name))

        return _VARIABLE.sub(value, text)
