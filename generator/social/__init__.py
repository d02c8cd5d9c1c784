"""The world of a social network, which lives by the minute: people sign up, meet, publish, react and pay.

`behaviour` has all rates and rhythms, `world`, `settings`, `ties`, `communities` and `circles` who is there and who
knows whom, `presence` when they come, `content`, `media` and `responses` what is published and what follows from it,
`money` and `ads` what is paid, `sessions` the pings that frame it all, `shapes` how rows become messages.
"""
