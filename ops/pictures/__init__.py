"""Pictures in the papers, and the scripts that make those which are not drawn by hand."""
