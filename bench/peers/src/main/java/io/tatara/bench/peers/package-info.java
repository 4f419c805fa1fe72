/**
 * Other libraries on the JVM beside ours: the same work on the same numbers, each library in fresh
 * JVMs of its own, asked in turn.
 */
package io.tatara.bench.peers;
