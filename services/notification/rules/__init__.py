"""The rules of notification: who is told, who holds a post, when a webhook is tried again. Standard library only."""
