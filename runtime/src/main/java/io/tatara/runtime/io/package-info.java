/** Tensors in files: safetensors, read and written whole, atomically. */
package io.tatara.runtime.io;
