package io.tatara.models.vision;

/**
 * The pictures of a step.
 *
 * @param numbers in the training set
 */
record ImageBatch(int[] numbers, int epoch) {}
