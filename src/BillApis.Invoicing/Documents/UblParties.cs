using System.Xml.Linq;

namespace BillApis.Invoicing;

/// <summary>Seller and customer as UBL has them.</summary>
internal static class UblParties
{
    private static readonly XNamespace Cac = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2";
    private static readonly XNamespace Cbc = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2";

    public static IEnumerable<XElement> Of(DocumentParties parties, UblBody body) => [
        new XElement(Cac + "AccountingSupplierParty", Party(parties.Seller, CountryOf(parties.Seller) ?? body.TaxCountry ?? CountryOf(parties.Customer), body, isSeller: true)),
        new XElement(Cac + "AccountingCustomerParty", Party(parties.Customer, CountryOf(parties.Customer) ?? body.TaxCountry, body, isSeller: false))];

    private static XElement Party(InvoiceParty party, string? country, UblBody body, bool isSeller)
    {
        // Where nothing is subject to VAT, no VAT number may be named (BR-O-02); another tax number of the seller's is then its registration.
        var vat = body.HasVat ? VatOf(party, country) : null;
        var address = party.Address ?? new Address();
        return new XElement(Cac + "Party",
            isSeller && vat is null ? new XElement(Cac + "PartyIdentification", new XElement(Cbc + "ID", party.TaxId ?? party.Name)) : null,
            new XElement(Cac + "PostalAddress",
                Text("StreetName", address.Line1), Text("AdditionalStreetName", address.Line2), Text("CityName", address.City), Text("PostalZone", address.PostalCode), Text("CountrySubentity", address.Region),
                country is null ? null : new XElement(Cac + "Country", new XElement(Cbc + "IdentificationCode", country))),
            vat is not null ? Scheme(vat, "VAT") : isSeller && body.HasVat && party.TaxId is { } registration ? Scheme(registration, "TAX") : null,
            new XElement(Cac + "PartyLegalEntity", new XElement(Cbc + "RegistrationName", party.Name), vat is null && !isSeller && VatOf(party, country) is null ? Text("CompanyID", party.TaxId) : null),
            party.Email is null ? null : new XElement(Cac + "Contact", new XElement(Cbc + "ElectronicMail", party.Email)));
    }

    private static XElement Scheme(string id, string scheme) =>
        new(Cac + "PartyTaxScheme", new XElement(Cbc + "CompanyID", id), new XElement(Cac + "TaxScheme", new XElement(Cbc + "ID", scheme)));

    // A VAT number begins with the code of its country (BR-CO-09), which Greece and Northern Ireland write in a way of their own.
    private static string? VatOf(InvoiceParty party, string? country)
    {
        var number = VatNumber.Plain(party.TaxId ?? "");
        var prefix = number.Length > 2 ? number[..2] : "";
        return VatNumber.IsValid(country, number) || (country is not null && prefix == country) || (country is "GB" && prefix is "XI") ? number : null;
    }

    private static string? CountryOf(InvoiceParty party) => party.Country ?? party.Address?.Country ?? VatNumber.CountryOf(party.TaxId);

    private static XElement? Text(string name, string? value) => string.IsNullOrWhiteSpace(value) ? null : new XElement(Cbc + name, value);
}
