// In place of the theme's file of this name, 1.5 MB of icons as SVG: the theme's style sheet has the
// same icons as a font, which is loaded anyway.
