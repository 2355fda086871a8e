// Runs before anything is painted, so that a page never flashes in the other theme.
document.documentElement.dataset.theme = localStorage.getItem("reprise.theme") ?? "system";
