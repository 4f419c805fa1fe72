/**
 * Native libraries of the bindings, laid out on disk so that processes that start together do not
 * meet.
 */
package io.tatara.runtime.natives;
