/**
 * Events for the JDK's flight recorder: compile, launch, copy, allocation. Cost nothing while it is
 * off.
 */
package io.tatara.runtime.events;
