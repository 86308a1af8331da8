"""What people say: comments, evidence, moderation. Not built yet."""
