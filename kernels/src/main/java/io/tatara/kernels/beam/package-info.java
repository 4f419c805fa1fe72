/** The step of a beam search: from the scores of all next tokens to the hypotheses that go on. */
package io.tatara.kernels.beam;
