/**
 * What is made of a recorded list of ops before it is prepared for replay: ops nobody needs are
 * dropped, pointwise chains fused, memory planned; and its picture. Knows no device.
 */
package io.tatara.runtime.graph;
