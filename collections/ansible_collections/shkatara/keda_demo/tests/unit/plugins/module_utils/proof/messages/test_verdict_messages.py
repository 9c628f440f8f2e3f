# SPDX-License-Identifier: MIT
"""The sentences about verdicts: complete, and with all numbers and names of their facts."""

from __future__ import annotations

import typing
from dataclasses import fields, replace

import pytest
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement import facts
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.facts import Held, Mismatch
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.judgement.outcomes import (
    Outcome,
    Reason,
    Verdict,
)
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.messages import verdict_messages
from ansible_collections.shkatara.keda_demo.plugins.module_utils._internal.proof.observed.replicas import ReplicaCounts
from ansible_collections.shkatara.keda_demo.tests.support import sentences
from ansible_collections.shkatara.keda_demo.tests.support.loads import ENDED
from ansible_collections.shkatara.keda_demo.tests.support.predictions import FOUR, OTHERS, TIMING, predicted
from ansible_collections.shkatara.keda_demo.tests.support.recordings import START
from ansible_collections.shkatara.keda_demo.tests.support.verdict_examples import EXAMPLES


def _id(example):
    verdict = example.verdict
    return f"{verdict.outcome}-{verdict.reason}-{type(verdict.facts).__name__}"


def test_each_type_of_facts_has_an_example():
    assert {type(example.verdict.facts) for example in EXAMPLES} == set(typing.get_args(facts.Facts))


def test_each_reason_and_outcome_has_an_example():
    assert {example.verdict.reason for example in EXAMPLES} == set(Reason)
    assert {example.verdict.outcome for example in EXAMPLES} == set(Outcome)


@pytest.mark.parametrize("example", EXAMPLES, ids=_id)
def test_sentence_has_the_numbers_and_names_of_its_facts(example):
    sentence, facts = verdict_messages.verdict(example.verdict), example.verdict.facts
    own = [getattr(facts, field.name) for field in fields(facts)]
    assert list(sentences.lacks(sentence, [*own, *example.mentions])) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=_id)
def test_sentence_is_complete(example):
    sentence = verdict_messages.verdict(example.verdict)
    assert sentences.damage(sentence) == []
    assert sentences.is_ended(sentence)
    assert not sentence[0].islower()


def test_examples_differ_where_their_facts_do():
    texts = [example.verdict for example in EXAMPLES if isinstance(example.verdict.facts, facts.Text)]
    chain = [example.verdict for example in EXAMPLES if isinstance(example.verdict.facts, facts.ChainNotReady)]
    distinct = {verdict_messages.verdict(example.verdict) for example in EXAMPLES}
    assert len(distinct) == len(EXAMPLES) - (len(texts) - 1) - (len(chain) - 1)


def test_without_a_hold_there_is_no_word_of_it():
    sentence = verdict_messages.verdict(Verdict(Outcome.SCALED, Reason.AS_PREDICTED, Held(FOUR, 4, 27.9, 0.0)))
    assert sentences.numbers(sentence) == ["4", "27.9", "4", "178"]


def test_a_load_that_ends_before_the_latest_time_is_not_explained_by_it():
    facts = Mismatch(FOUR, START, ENDED, waited=True, others=())
    verdict = Verdict(Outcome.NOT_SCALED, Reason.HPA_DID_NOT_ACT, facts)
    early = replace(verdict, facts=replace(facts, waited=False))
    assert "178" in sentences.numbers(verdict_messages.verdict(verdict))
    assert "178" not in sentences.numbers(verdict_messages.verdict(early))


def test_a_mismatch_begins_with_the_prediction_and_ends_with_the_counts_and_the_cause():
    """The numbers stand in the order in which a person reads them."""
    last = ReplicaCounts(40, 6, 6, 5, 3)
    facts = Mismatch(FOUR, last, ENDED, waited=False, others=OTHERS)
    sentence = verdict_messages.verdict(Verdict(Outcome.WRONG_COUNT, Reason.OTHER_TRIGGER, facts))
    assert sentences.numbers(sentence) == ["34.5", "10", "4", "6", "5", "3", "1"]
    assert sentence.index(OTHERS[0].trigger) > sentence.index("6")


def test_singular_and_plural():
    singular, plural = (
        verdict_messages.verdict(Verdict(Outcome.SCALED, Reason.AS_PREDICTED, facts.ScaledIn(count, 58.9)))
        for count in (1, 4)
    )
    assert plural == singular.replace("1 replica ", "4 replicas ")


def test_not_predicted():
    text = verdict_messages.not_predicted((*OTHERS, *OTHERS))
    assert text.count(OTHERS[0].trigger) == text.count(OTHERS[0].why) == 2


@pytest.mark.parametrize("option", ["load.http.duration", "load.http.stages"])
def test_load_that_is_too_short(option):
    prediction = predicted(34.5, timing=replace(TIMING, pod_start=32))
    text = verdict_messages.load_too_short(prediction, option, 60.0, 15.0, 195)
    assert (prediction.replicas, prediction.times.latest_seconds) == (4, 180)
    assert list(sentences.lacks(text, [60.0, 4, 180, 15.0, 195])) == []
    assert list(sentences.lacks(text, list(prediction.times.latest_parts.items()))) == []
    assert list(sentences.lacks(text, [option, "hold_seconds"])) == []
    # A load has no length of its own without its stages.
    assert ("omit it" in text) == (option == "load.http.duration")
    assert sentences.damage(text) == []
