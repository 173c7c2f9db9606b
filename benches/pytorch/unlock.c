/* MKL, with which PyTorch multiplies matrices, keeps to AVX2 on processors that Intel did not make.
   Preloaded, this lets it use AVX-512 there: cc -shared -fPIC -o unlock.so unlock.c; LD_PRELOAD=./unlock.so */
int mkl_serv_intel_cpu_true(void) { return 1; }
