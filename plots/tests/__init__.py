"""Tests of plots/, on bundles made up for them."""
