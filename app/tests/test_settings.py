# Copyright (c) 2026 the keda_demo contributors
# SPDX-License-Identifier: MIT
"""Settings: good values are accepted, and all bad values are named at once."""

import pytest
from demo_app.settings import Settings, SettingsError, load_settings


def test_without_variables_the_settings_are_the_defaults():
    assert load_settings({}) == Settings(0.6, 64, 5.0, 30)


def test_an_empty_variable_counts_as_unset():
    assert load_settings({"APP_DELAY_SECONDS": " "}) == Settings()


def test_each_variable_reaches_its_setting():
    environ = {
        "APP_DELAY_SECONDS": "0",
        "APP_THREADS": "8",
        "APP_DRAIN_SECONDS": "2.5",
        "APP_GRACE_SECONDS": "10",
    }
    assert load_settings(environ) == Settings(0.0, 8, 2.5, 10)


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("APP_DELAY_SECONDS", "fast", "a number from 0 to 60, such as 0.6"),
        ("APP_DELAY_SECONDS", "nan", "a number from 0 to 60"),
        ("APP_DELAY_SECONDS", "-0.1", "a number from 0 to 60"),
        ("APP_DELAY_SECONDS", "61", "a number from 0 to 60"),
        ("APP_DELAY_SECONDS", "0,6", "a number from 0 to 60"),
        ("APP_THREADS", "0", "a whole number from 1 to 512, such as 64"),
        ("APP_THREADS", "1.5", "a whole number from 1 to 512"),
        ("APP_THREADS", "inf", "a whole number from 1 to 512"),
        ("APP_DRAIN_SECONDS", "-1", "a number from 0 to 300, such as 5"),
        ("APP_GRACE_SECONDS", "1", "a whole number from 2 to 3600, such as 30"),
    ],
)
def test_a_bad_value_is_named_with_a_remedy(name, value, remedy):
    with pytest.raises(SettingsError) as caught:
        load_settings({name: value})
    assert f"{name} is {value!r}" in str(caught.value)
    assert f"give {remedy}" in str(caught.value)


def test_all_bad_values_are_named_at_once():
    with pytest.raises(SettingsError) as caught:
        load_settings({"APP_DELAY_SECONDS": "x", "APP_THREADS": "y"})
    assert "APP_DELAY_SECONDS" in str(caught.value)
    assert "APP_THREADS" in str(caught.value)


def test_drain_and_delay_must_fit_into_the_grace_period():
    with pytest.raises(SettingsError, match=r"APP_GRACE_SECONDS is 6, .* give 7 or more"):
        load_settings({"APP_GRACE_SECONDS": "6"})
    assert load_settings({"APP_GRACE_SECONDS": "7"}).grace_seconds == 7
