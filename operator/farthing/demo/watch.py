"""Everything that watches a made-up cluster, in one exposition."""

from farthing.demo.cluster import Cluster
from farthing.demo.network_series import enter_egress, enter_fees, enter_interfaces, enter_services
from farthing.demo.said_series import enter_selectors
from farthing.demo.series import Exposition, Scraping, SeriesBook
from farthing.demo.state_series import enter_state
from farthing.demo.usage_series import enter_gpus, enter_machines, enter_rates, enter_usage
from farthing.demo.volume_series import enter_volume_rates, enter_volume_use

SCRAPING = Scraping()


def expose(cluster: Cluster, scraping: Scraping = SCRAPING) -> Exposition:
    """Give all series of ``cluster`` as ``scraping`` sees them."""
    book = SeriesBook(cluster)
    for replica in range(scraping.state_replicas):
        enter_state(book, cluster, replica)
        enter_services(book, cluster, replica)
    enter_usage(book, cluster, scraping)
    enter_machines(book, cluster)
    enter_gpus(book, cluster)
    enter_volume_use(book, cluster)
    if scraping.opencost:
        enter_rates(book, cluster)
        enter_selectors(book, cluster)
        enter_volume_rates(book, cluster)
        enter_fees(book, cluster)
    if scraping.pod_rows:
        enter_interfaces(book, cluster, scraping)
    if scraping.network_costs:
        enter_egress(book, cluster, scraping)
    return Exposition(cluster.start, cluster.end, tuple(book.close()))
