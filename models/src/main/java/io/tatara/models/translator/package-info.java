/**
 * Translation by encoder and decoder networks, with and without attention. {@link
 * io.tatara.models.translator.TranslatorTraining} makes a model out of a folder of sentence pairs,
 * {@link io.tatara.models.translator.Translator} uses it.
 */
package io.tatara.models.translator;
