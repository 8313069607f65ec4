"""The controlled bilingual vocabulary: techniques, materials, parameters, process chains."""
