"""What filters of assets mean, in both of Kubecost's languages."""

import pytest

from farthing.errors import InvalidQuestionError
from farthing.model.filter_parser import parse_filter
from farthing.model.filters import (
    ALIASES,
    ASSET_FIELDS,
    ASSET_LISTS,
    MOST_VALUES,
    Comparison,
    Either,
    Every,
    Filter,
    parse_asset_lists,
)
from farthing.model.question import Shape

NOTHING = Either(())


@pytest.mark.parametrize("name", ASSET_LISTS)
def test_each_parameter_of_the_seed_is_offered(name: str) -> None:
    assert parse_asset_lists({name: ""}) == Every()
    assert parse_asset_lists({name: " , "}) == Every()


def test_the_parameters_are_those_of_the_seed_and_each_compares_a_field() -> None:
    # Seed 002.
    assert set(ASSET_LISTS) == {
        "filterAccounts", "filterCategories", "filterClusters", "filterLabels", "filterNames", "filterProjects",
        "filterProviders", "filterProviderIDs", "filterServices", "filterTypes",
    }  # fmt: skip
    assert set(ASSET_LISTS.values()) == set(ASSET_FIELDS) - set(ALIASES)


@pytest.mark.parametrize(
    ("lists", "meant"),
    [
        # The seed's own: (cluster == cluster-one) && (name == name1 || name == name2).
        (
            {"filterClusters": "cluster-one", "filterNames": "name1,name2"},
            [Comparison("cluster", "equals", ("cluster-one",)), Comparison("name", "equals", ("name1", "name2"))],
        ),
        ({"filterProviderIDs": "gke*"}, [Comparison("providerID", "starts", ("gke",))]),
        ({"filterLabels": "deployment:kube*"}, [Comparison("label", "starts", ("kube",), "deployment")]),
        (
            {"filterLabels": "deployment:kubecost-cost-analyzer"},
            [Comparison("label", "equals", ("kubecost-cost-analyzer",), "deployment")],
        ),
        # A value may hold a colon, a key what Kubernetes allows.
        ({"filterLabels": "a.io/b:c:d"}, [Comparison("label", "equals", ("c:d",), "a_io_b")]),
        ({"filterLabels": "team:*"}, [Comparison("label", "equals", ("team",))]),
        # No wildcard in types: a star is a star.
        ({"filterTypes": "Node,Dis*"}, [Comparison("assetType", "equals", ("Node", "Dis*"))]),
        ({"filterServices": "Cloud Storage, BigQuery"}, [Comparison("service", "equals", ("Cloud Storage", "BigQuery"))]),
    ],
)  # fmt: skip
def test_lists_mean(lists: dict[str, str], meant: list[Filter]) -> None:
    assert parse_asset_lists(lists) == Every(tuple(Either((one,)) for one in meant))


@pytest.mark.parametrize("text", ["deployment", "deployment:", ":web", "deploy*:web", "*:*"])
def test_a_label_that_none_can_have_fits_nothing_rather_than_everything(text: str) -> None:
    assert parse_asset_lists({"filterLabels": text}) == Every((Either((NOTHING,)),))


def test_what_is_no_parameter_of_assets_or_too_much_is_refused() -> None:
    with pytest.raises(InvalidQuestionError, match="filterNamespaces is no filter; allowed are filterAccounts, "):
        parse_asset_lists({"filterNamespaces": "shop"})
    with pytest.raises(InvalidQuestionError, match=f"at most {MOST_VALUES} are offered"):
        parse_asset_lists({"filterNames": ",".join(map(str, range(MOST_VALUES + 1)))})


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('assetType:"node"', Comparison("assetType", "equals", ("node",))),
        ('providerID<~:"gke"', Comparison("providerID", "starts", ("gke",))),
        ('label[app.io/x]!:"a","b"', Comparison("label", "equals", ("a", "b"), "app_io_x", negated=True)),
        (
            '(account:"1"|project~>:"-prod")+service:"Kubernetes"',
            Every(
                (
                    Either((Comparison("account", "equals", ("1",)), Comparison("project", "ends", ("-prod",)))),
                    Comparison("service", "equals", ("Kubernetes",)),
                )
            ),
        ),
    ],
)
def test_a_filter_of_assets_means(text: str, meant: Filter) -> None:
    assert parse_filter(text, ASSET_FIELDS) == meant


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('namespace:"shop"', "expected is one of name, assetType, category, cluster, project, provider, providerID, "),
        ('annotation[a]:"b"', "expected is one of name, assetType"),
        ('assetType[a]:"b"', "expected is assetType without brackets"),
        ('+name:"a"', "expected is a field such as name"),
    ],
)
def test_what_assets_do_not_have_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(InvalidQuestionError) as raised:
        parse_filter(text, ASSET_FIELDS)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("aggregate", "sentence"),
    [
        (("namespace",), "aggregate 'namespace' is not offered; allowed are provider, account, project, category, cluster, "),
        (("annotation:a",), "is not offered"),
        (("label:",), "names no key; write label:app"),
        (("type", "type"), "names a property twice"),
    ],
)  # fmt: skip
def test_assets_are_not_formed_by_what_they_do_not_have(aggregate: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InvalidQuestionError) as raised:
        Shape("asset", aggregate, idle=False)
    assert sentence in str(raised.value)
