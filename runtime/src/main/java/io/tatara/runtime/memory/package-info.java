/** Device memory that does not wait for the garbage collector: a caching, size-classed pool. */
package io.tatara.runtime.memory;
