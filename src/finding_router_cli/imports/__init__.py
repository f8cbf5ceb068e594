"""Routes made of EventBridge rules that feed a chatbot."""
