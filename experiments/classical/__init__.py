"""Consumer credit by classical models: linear, kernels, trees; one lending policy decides."""
