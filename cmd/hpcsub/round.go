package main

import (
	"math"
	"reflect"
)

// rounded is a copy of a value in which fractions are rounded: to six digits behind the point, and numbers below 1 to six
// digits that count. A sum of seconds is 11 then, and not 11.000000000000002.
func rounded(v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return reflect.ValueOf(roundFraction(v.Float())).Convert(v.Type())
	case reflect.Interface:
		if !v.IsNil() {
			return rounded(v.Elem())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			p := reflect.New(v.Type().Elem())
			p.Elem().Set(rounded(v.Elem()))
			return p
		}
	case reflect.Map:
		return roundedMap(v)
	case reflect.Slice:
		return roundedSlice(v)
	case reflect.Array, reflect.Struct:
		return roundedParts(v)
	}
	return v
}

func roundFraction(f float64) float64 {
	digits := 6.0
	if size := math.Abs(f); size < 1 && size > 0 {
		digits = 5 - math.Floor(math.Log10(size))
	}
	scale := math.Pow(10, digits)
	if r := math.Round(f*scale) / scale; !math.IsNaN(r) && !math.IsInf(r, 0) {
		return r
	}
	return f // so large, or so small, that there is nothing to round
}

func roundedMap(v reflect.Value) reflect.Value {
	if v.IsNil() {
		return v
	}
	m := reflect.MakeMapWithSize(v.Type(), v.Len())
	for at := v.MapRange(); at.Next(); {
		m.SetMapIndex(at.Key(), rounded(at.Value()))
	}
	return m
}

func roundedSlice(v reflect.Value) reflect.Value {
	if v.IsNil() || v.Type().Elem().Kind() == reflect.Uint8 { // JSON as it stands
		return v
	}
	s := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	for i := range v.Len() {
		s.Index(i).Set(rounded(v.Index(i)))
	}
	return s
}

// roundedParts is of the elements of an array, or of the fields of a struct that others may set.
func roundedParts(v reflect.Value) reflect.Value {
	c := reflect.New(v.Type()).Elem()
	c.Set(v)
	if v.Kind() == reflect.Array {
		for i := range c.Len() {
			c.Index(i).Set(rounded(v.Index(i)))
		}
		return c
	}
	for i := range c.NumField() {
		if f := c.Field(i); f.CanSet() {
			f.Set(rounded(v.Field(i)))
		}
	}
	return c
}
