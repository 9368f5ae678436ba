"""Generated garments: a GAN makes them, a judge looks at them, rules accept or reject them."""
