// Serves Tesseract as an OpenAI-compatible endpoint: tesseract_endpoint [PORT]
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "tests/cli/tesseract_endpoint.h"

int main(int argc, char** argv) {
  // One thread a page: Tesseract's own threads cost more than they gain on small pages. OpenMP
  // reads this before main does.
  if (std::getenv("OMP_THREAD_LIMIT") == nullptr) {
    setenv("OMP_THREAD_LIMIT", "1", /*overwrite=*/1);
    execv("/proc/self/exe", argv);
  }
  fovea::cli::ChatEndpoint endpoint(fovea::cli::ReadWithTesseract,
                                    argc > 1 ? std::atoi(argv[1]) : 0);
  if (!endpoint.listening()) {
    std::cerr << "tesseract_endpoint: cannot listen on that port\n";
    return 1;
  }
  std::cout << endpoint.url() << std::endl;
  endpoint.Wait();
  return 0;
}
