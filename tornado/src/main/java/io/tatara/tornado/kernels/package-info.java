/**
 * Kernels as Java methods of TornadoVM's {@code KernelContext} dialect. Rules, each for a fault of
 * TornadoVM 5.2 that was seen ({@code docs/tornado.md}): the heap is the only array that is
 * written; no {@code >>>}, and between floats no {@code >=} and {@code <=}, which are true of NaN
 * there; local arrays are not passed to other methods; private arrays are written before they are
 * read; every work-item reaches every barrier; method names are distinct and no words of OpenCL C.
 */
package io.tatara.tornado.kernels;
