"""The Kubernetes API types: what a person may ask (spec) and what the operator answers (status).

cost_report, asset_report   the two kinds of report
price_book                  rates that people write down: price_rates (its parts), price_rules, price_book_status, price_parsing
report                      what both share: metadata, window, time and shape of the answer
status                      the answer: conditions, totals, top rows, ConfigMaps, history
conditions                  condition types, reasons and the update rule
rules                       the sentences the API server refuses bad input with (CEL)
cron                        the five fields of a schedule
crd                         the CustomResourceDefinitions, generated from the models
"""

GROUP = "farthing.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
CATEGORY = "farthing"
