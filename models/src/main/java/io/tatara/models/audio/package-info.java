/**
 * Sound: WAV files, µ-law levels, other sampling rates, pictures; and what a voice is described by:
 * linear predictors, pitch, power in mel bands, cepstra, and how two ways of saying it correspond.
 */
package io.tatara.models.audio;
