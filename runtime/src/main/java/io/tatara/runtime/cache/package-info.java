/**
 * Kernel programs between source and driver, the same for OpenCL and CUDA: the text that is handed
 * to a compiler, the lines that its log speaks of, and the store of compiled binaries on disk.
 */
package io.tatara.runtime.cache;
