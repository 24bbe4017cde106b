#include "harness/control.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace ringside::harness {
namespace {

TEST(ControlTest, WhatAChildWritesTheParentReads) {
  const Control control({.producers = 2, .consumers = 3, .histograms = true, .replies = true});
  const ::pid_t child = ::fork();
  if (child == 0) {
    control.consumer(2).received = 7;
    control.producer(1).sent = 8;
    control.histogram(1)->record(1234);
    control.ledger(1).enter(1, 0);
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(control.worker(4).received, 7U);
  EXPECT_EQ(control.worker(1).sent, 8U);
  EXPECT_EQ(control.histogram(1)->count(), 1U);
  EXPECT_EQ(control.histogram(0)->count(), 0U);
  EXPECT_EQ(control.ledger(1).page(1).next, 1U);
  EXPECT_EQ(control.ledger(0).page(1).next, 0U);
}

TEST(ControlTest, HasNoHistogramWhereNoneWasAskedFor) {
  const Control control({.producers = 1, .consumers = 1});
  EXPECT_EQ(control.histogram(0), nullptr);
  EXPECT_EQ(control.ledgerCount(), 1U);
}

}  // namespace
}  // namespace ringside::harness
