/**
 * A translation task that needs no data: English numbers, dates and times into Japanese, made from
 * a seed.
 */
package io.tatara.models.demo;
