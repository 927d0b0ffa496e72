package main

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// makeSBOM returns a bill of materials of a binary, in CycloneDX. What is in it comes
// from the record that Go has put into the binary, and from findLicenses.
func (d *dist) makeSBOM(b *binary) ([]byte, error) {
	sum256, sum512 := sha256.Sum256(b.data), sha512.Sum512(b.data)
	main := cdx.Component{
		BOMRef: "pkg:golang/" + b.info.Main.Path + "@v" + d.version.Semver, Type: cdx.ComponentTypeApplication,
		Name: "ldcorn", Version: d.version.Semver, Description: "Runs groups of Uvicorn workers behind one proxy",
		Licenses: &cdx.Licenses{{License: &cdx.License{ID: "MIT"}}},
		Hashes: &[]cdx.Hash{
			{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum256[:])},
			{Algorithm: cdx.HashAlgoSHA512, Value: hex.EncodeToString(sum512[:])},
		},
		Properties: &[]cdx.Property{
			{Name: "ldcorn:platform", Value: b.platform.String()},
			{Name: "ldcorn:commit", Value: d.version.Commit},
		},
	}
	main.PackageURL = main.BOMRef
	bom := cdx.NewBOM()
	// A number that is made of the binary, so that the same binary has the same one.
	u := slices.Clone(sum256[:16])
	u[6], u[8] = u[6]&0x0f|0x80, u[8]&0x3f|0x80
	bom.SerialNumber = fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
	bom.Metadata = &cdx.Metadata{Component: &main, Timestamp: d.version.Time.Format(time.RFC3339)}
	var components []cdx.Component
	var refs []string
	for _, c := range b.licenses {
		components = append(components, c.cyclonedx())
		refs = append(refs, c.purl)
	}
	bom.Components = &components
	bom.Dependencies = &[]cdx.Dependency{{Ref: main.BOMRef, Dependencies: &refs}}
	var out bytes.Buffer
	err := cdx.NewBOMEncoder(&out, cdx.BOMFileFormatJSON).SetPretty(true).EncodeVersion(bom, cdx.SpecVersion1_6)
	return out.Bytes(), err
}

// cyclonedx returns the component in the words of CycloneDX.
func (c *component) cyclonedx() cdx.Component {
	var licenses cdx.Licenses
	for _, id := range c.spdx {
		licenses = append(licenses, cdx.LicenseChoice{License: &cdx.License{ID: id}})
	}
	out := cdx.Component{
		BOMRef: c.purl, Type: cdx.ComponentTypeLibrary, Name: c.name, Version: c.version, PackageURL: c.purl,
		Scope: cdx.ScopeRequired, Licenses: &licenses,
	}
	if c.sum != "" {
		out.Properties = &[]cdx.Property{{Name: "go:sum", Value: c.sum}}
	}
	return out
}
