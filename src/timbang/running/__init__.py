"""What a call is going to cost, whether the machine is fit for it, and how far it has come."""
