/**
 * Image classifiers: readers of picture sets ({@link io.tatara.models.vision.ImageData}), training
 * of any image network of {@link io.tatara.models.network.ModelZoo} ({@link
 * io.tatara.models.vision.ClassifierTraining}) and use of what came of it ({@link
 * io.tatara.models.vision.Classifier}).
 */
package io.tatara.models.vision;
