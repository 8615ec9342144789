"""Model families: conversations that their chat templates or engines reject."""
