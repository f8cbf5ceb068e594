"""Findings of AWS Security Hub, in OCSF: ordinary unless a test says otherwise."""

from copy import deepcopy
from typing import Any

type Json = dict[str, Any]

ACCOUNT = "111122223333"
ARN = "arn:aws:securityhub:eu-west-1::productv2/aws/"
DETECTION_ID = f"arn:aws:guardduty:eu-west-1:{ACCOUNT}:detector/d1/finding/f1"


def _base(product: str, name: str, uid: str, title: str, **others: Any) -> Json:
    return {
        "activity_id": 1,
        "activity_name": "Create",
        "category_uid": 2,
        "cloud": {
            "account": {"uid": ACCOUNT, "name": "payments-prod"},
            "cloud_partition": "aws",
            "provider": "AWS",
            "region": "eu-west-1",
        },
        "finding_info": {
            "created_time": 1795230760310,
            "created_time_dt": "2026-11-21T03:12:40.310Z",
            "first_seen_time": 1795230760310,
            "last_seen_time": 1795234360310,
            "modified_time": 1795234360310,
            "title": title,
            "desc": f"Described: {title}",
            "uid": uid,
        },
        "metadata": {
            "product": {"name": name, "uid": f"{ARN}{product}", "vendor_name": "AWS"},
            "uid": "e" * 64,
            "version": "1.9.0",
        },
        "severity": "High",
        "severity_id": 4,
        "status": "New",
        "status_id": 1,
        "time": 1795234360310,
        "time_dt": "2026-11-21T04:12:40.310Z",
        **others,
    }


def resource(kind: str, uid: str, **others: Any) -> Json:
    """Make a resource of OCSF."""
    return {
        "type": kind,
        "uid": uid,
        "cloud_partition": "aws",
        "region": "eu-west-1",
        "owner": {"account": {"uid": ACCOUNT}},
        **others,
    }


def detection(**others: Any) -> Json:
    """Make a finding of GuardDuty about a process on an instance, with a call and its caller."""
    raw = _base("guardduty", "GuardDuty", DETECTION_ID, "A process made a new file and ran it.")
    raw |= {
        "class_uid": 2004,
        "count": 3,
        "evidences": [
            {
                "actor": {
                    "user": {"name": "", "uid": "33"},
                    "process": {
                        "name": "kworkerds",
                        "pid": 4131,
                        "cmd_line": "/tmp/.x/kworkerds -o pool.example:3333",
                        "file": {
                            "path": "/tmp/.x/kworkerds",
                            "hashes": [
                                {"algorithm": "MD5", "value": "0"},
                                {"algorithm": "SHA-256", "value": "c" * 64},
                            ],
                        },
                        "parent_process": {"name": "sh", "pid": 4127},
                        "ancestry": [
                            {"name": "sh"},
                            {"name": "php-fpm"},
                            {"name": "php-fpm"},
                            {"path": "/usr/lib/systemd/systemd"},
                        ],
                    },
                },
            },
            {"process": {"name": "curl", "file": {"path": "/usr/bin/curl"}}},
            {
                "actor": {"user": {"name": "ci-deploy"}},
                "api": {"operation": "CreateAccessKey", "service": {"name": "iam.amazonaws.com"}},
                "src_endpoint": {
                    "ip": "203.0.113.66",
                    "location": {"city": "Oslo", "country": "Norway"},
                    "autonomous_system": {"name": "Example Proxy", "number": 64500},
                },
            },
        ],
        "resources": [
            resource(
                "AWS::EC2::Instance",
                "i-0a1b2c3d4e5f60718",
                tags=[{"name": "Name", "value": "shop-1"}, {"name": "team", "value": "web"}],
            )
        ],
    }
    raw["finding_info"]["types"] = ["Threats", "Execution:Runtime/NewBinaryExecuted"]
    return raw | others


def sequence(**others: Any) -> Json:
    """Make an attack sequence of three signals, the newest first."""
    raw = _base("guardduty", "GuardDuty", f"{DETECTION_ID}5", "Potential data compromise")
    raw |= {
        "class_uid": 2004,
        "evidences": [
            {
                "actor": {
                    "user": {
                        "name": "ci-deploy",
                        "type": "IAMUser",
                        "credential_uid": "AKIAIOSFODNN7EXAMPLE",
                        "account": {"uid": "444455556666"},
                    },
                    "session": {"is_mfa": False},
                },
                "api": {"operation": "GetObject", "service": {"name": "s3.amazonaws.com"}},
                "src_endpoint": {
                    "ip": "203.0.113.66",
                    "location": {"city": "Oslo", "country": "Norway"},
                    "autonomous_system": {"name": "Example Proxy", "number": 64500},
                },
            }
        ]
        * 2,
        "resources": [resource("AWS::S3::Bucket", "payments-receipts")],
    }
    raw["finding_info"] |= {
        "types": ["Threats", "AttackSequence:S3/CompromisedData"],
        "attacks": [
            {
                "tactics": [{"name": "Discovery", "uid": "TA0007"}, {"uid": "TA0010"}],
                "technique": {"name": "Data from Cloud Storage"},
            }
        ],
        "traits": [{"name": "HIGH_RISK_API", "values": ["s3:GetObject"]}, {"name": "TOR_IP"}],
        "related_events": [
            {
                "uid": f"s{number}",
                "title": title,
                "type": "Discovery:S3/AnomalousBehavior",
                "severity_id": 3,
                "count": count,
                "first_seen_time": 1795230760310 + 60_000 * number,
                "last_seen_time": 1795230760310 + 60_000 * number,
                "product": {"uid": f"{ARN}guardduty"},
            }
            for number, title, count in (
                (3, "ci-deploy read objects of payments-receipts", 3180),
                (1, "ci-deploy called ListBuckets", 1),
                (2, "ci-deploy made an access key", None),
            )
        ],
    }
    return raw | others


def exposure(**others: Any) -> Json:
    """Make an exposure: three findings about connected resources."""
    title = "Potential credential stealing: internet-reachable instance with broad access to S3"
    uid = f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:finding/exposure/x1"
    raw = _base("securityhub-risk", "Security Hub Exposure Detection", uid, title)
    instance = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0a1b2c3d4e5f60718"
    group = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:security-group/sg-0c1d2e3f405162738"
    raw |= {
        "class_uid": 2004,
        "impact": "High",
        "likelihood": "Medium",
        "resources": [
            resource("AWS::EC2::Instance", "i-0a1b2c3d4e5f60718"),
            resource("AWS::S3::Bucket", "payments-receipts"),
        ],
    }
    raw["finding_info"] |= {
        "types": ["Exposure/Potential Impact/Credential Access", "Exposure"],
        "desc": "The instance can be reached from the internet, and reads every bucket.",
        "related_events": [
            {
                "uid": str(number),
                "title": each,
                "type": "Finding",
                "product": {"uid": f"{ARN}{product}"},
                "traits": [{"name": trait}],
                "observables": [{"name": "resource.uid", "value": about}, {"name": "other"}],
            }
            for number, (each, product, trait, about) in enumerate(
                (
                    ("CVE-2026-1 - openssl", "inspector", "Vulnerability", instance),
                    ("Open to the world", "securityhub", "Reachable from the internet", group),
                    ("Sensitive data in a bucket", "macie", "Sensitive data", "arn:aws:s3:::r"),
                )
            )
        ],
    }
    return raw | others


def vulnerability(**others: Any) -> Json:
    """Make a finding of Inspector about two packages."""
    uid = f"arn:aws:inspector2:eu-west-1:{ACCOUNT}:finding/v1"
    raw = _base("inspector", "Inspector", uid, "CVE-2026-21733 - libexample")
    raw |= {
        "class_uid": 2002,
        "vulnerabilities": [
            {
                "affected_packages": [
                    {
                        "name": name,
                        "version": "3.3.0",
                        "epoch": 0,
                        "release": "4.amzn2023",
                        "fixed_in_version": "0:3.4.2-1.amzn2023",
                        "remediation": {"desc": f"dnf update {name}"},
                    }
                    for name in ("libexample", "libexample-devel")
                ],
                "cve": {
                    "uid": "CVE-2026-21733",
                    "cvss": [
                        {"base_score": 7.4, "vendor_name": "AMAZON_CVE", "version": "3.1"},
                        {"base_score": 9.8, "vendor_name": "NVD", "version": "3.1"},
                    ],
                    "epss": {"score": "0.71"},
                },
                "exploit_last_seen_time": 1795056900000,
                "fix_coverage": "Complete",
                "is_exploit_available": True,
                "is_fix_available": True,
                "related_vulnerabilities": ["ALAS2023-2026-1"],
                "severity": "Important",
            }
        ],
        "resources": [resource("AWS::EC2::Instance", "i-0a1b2c3d4e5f60718")],
    }
    raw["finding_info"]["types"] = ["Vulnerabilities"]
    return raw | others


def data_security(**others: Any) -> Json:
    """Make a finding of Macie about an object of a public bucket."""
    raw = _base("macie", "Macie", "c" * 32, "The S3 object contains personal information")
    raw |= {
        "class_uid": 2006,
        "databucket": {
            "name": "data-lake",
            "uid": "arn:aws:s3:::data-lake",
            "region": "eu-west-1",
            "is_public": True,
            "is_encrypted": False,
            "file": {
                "data_classifications": [
                    {
                        "category": "Personal",
                        "discovery_details": [
                            {"type": "NAME", "count": 398},
                            {"type": "ADDRESS", "count": True},
                        ],
                    }
                ]
            },
        },
        "resources": [resource("AWS::S3::Object", "crm/customers.csv")],
    }
    raw["finding_info"]["types"] = ["SensitiveData:S3Object/Personal", "Sensitive Data"]
    return raw | others


def control(**others: Any) -> Json:
    """Make a failed check of a control, with consolidated findings."""
    uid = f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:security-control/S3.1/finding/c1"
    raw = _base("securityhub", "Security Hub", uid, "S3 buckets should block public access")
    raw |= {
        "class_uid": 2003,
        "compliance": {
            "control": "S3.1",
            "status": "Fail",
            "status_id": 3,
            "standards": ["standards/aws-foundational-security-best-practices/v/1.0.0"],
            "requirements": ["CIS AWS Foundations 2.1.4"],
            "control_parameters": [{"name": "days", "values": ["90", "30"]}],
            "assessments": [
                {"name": "PUBLIC", "desc": "The bucket is public.", "meets_criteria": False},
                {"name": "NAMED", "desc": "The bucket has a name.", "meets_criteria": True},
            ],
        },
        "remediation": {
            "desc": "For information, consult the documentation.",
            "references": ["aws s3 help", "https://docs.aws.amazon.com/securityhub/S3.1"],
        },
        "resources": [
            resource("AWS::S3::Bucket", "invoices", uid_alt="arn:aws:s3:::invoices"),
        ],
    }
    raw["finding_info"]["types"] = ["Posture Management"]
    return raw | others


KINDS = {
    each.__name__: each
    for each in (detection, sequence, exposure, vulnerability, data_security, control)
}


def cspm_twin(raw: Json) -> Json:
    """Make the finding of Security Hub CSPM that has the identity, subject and state of *raw*."""
    found = deepcopy(raw)
    info, product = found["finding_info"], found["metadata"]["product"]["uid"]
    return {
        "SchemaVersion": "2018-10-08",
        "Id": info["uid"],
        "ProductArn": product.replace("productv2", "product"),
        "AwsAccountId": found["cloud"]["account"]["uid"],
        "AwsAccountName": found["cloud"]["account"]["name"],
        "Region": found["cloud"]["region"],
        "Title": info["title"],
        "Description": info["desc"],
        "Severity": {"Label": found["severity"].upper()},
        "Workflow": {"Status": "NEW"},
        "RecordState": "ACTIVE",
        **_OTHERS_OF_TWIN.get(info["uid"], {}),
    }


# As Security Hub CSPM writes them.
_INSTANCE = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:instance/i-0a1b2c3d4e5f60718"
_OTHERS_OF_TWIN: dict[str, Json] = {
    DETECTION_ID: {
        "Types": ["TTPs/Execution/Execution:Runtime-NewBinaryExecuted"],
        "Resources": [
            {
                "Type": "AwsEc2Instance",
                "Id": _INSTANCE,
                "Tags": {"Name": "shop-1", "team": "web"},
            }
        ],
    },
    f"arn:aws:inspector2:eu-west-1:{ACCOUNT}:finding/v1": {
        "Vulnerabilities": [{"Id": "CVE-2026-21733", "ExploitAvailable": "YES"}],
        "Resources": [{"Type": "AwsEc2Instance", "Id": _INSTANCE}],
    },
    f"arn:aws:securityhub:eu-west-1:{ACCOUNT}:security-control/S3.1/finding/c1": {
        "Compliance": {"Status": "FAILED", "SecurityControlId": "S3.1"},
        "Resources": [{"Type": "AwsS3Bucket", "Id": "arn:aws:s3:::invoices"}],
    },
}
