"""Request pipeline: parsing, authorization, scripted responses, faults, accounting, delivery."""
