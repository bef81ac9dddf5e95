print("an example strategy")
