/**
 * The OpenCL back end: any device of OpenCL 1.2 or newer, through JOCL. {@link
 * io.tatara.runtime.opencl.OpenClBackEnd} finds devices; {@link
 * io.tatara.runtime.opencl.OpenClDevice} keeps one in-order queue and turns the ops' plans into
 * launches. See {@code docs/opencl.md}.
 */
package io.tatara.runtime.opencl;
