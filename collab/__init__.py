"""OE+ Collab: the collaboration platform of an optoelectronics alliance."""
