"""The sandbox workspace in a browser: a page without a build step that fetches nothing from elsewhere."""
