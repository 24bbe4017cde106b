// The smallest program that uses the installed core: one element through a ring of four.
#include <cstdio>
#include <ringside/ringside.hpp>

int main() {
  ringside::LocalMem::Spsc::Queue<int> ring(4);
  int received = 0;
  const bool pushed = ring.tryPush(42) == 0;
  const bool popped = ring.tryPop(received) == 0;
  if (!pushed || !popped || received != 42) {
    std::fprintf(stderr, "pushed %d, popped %d, received %d\n", pushed, popped, received);
    return 1;
  }
  std::puts("one element went through an installed ring");
}
