using BillApis.Invoicing;

namespace BillApis.Storage.Sql.Invoicing;

/// <summary>The rows of invoices, those that take their numbers with them spelled out but for these.</summary>
internal sealed class InvoiceRows : EntityRows<Invoice>
{
    private readonly UnnumberedInvoice?[] _unnumbered;
    private readonly int _alias;
    private readonly int _number;
    private readonly int _body;

    public InvoiceRows(EntityMap<Invoice> map, IReadOnlyList<Invoice> invoices)
        : this(map, invoices, new UnnumberedInvoice?[invoices.Count])
    {
    }

    private InvoiceRows(EntityMap<Invoice> map, IReadOnlyList<Invoice> invoices, UnnumberedInvoice?[] unnumbered)
        : base(map, invoices, place => (unnumbered[place] = UnnumberedOf(invoices[place])) is null ? Spelled(invoices[place]) : []) =>
        (_unnumbered, _alias, _number, _body) = (unnumbered, ColumnOf("alias"), ColumnOf("number"), ColumnOf("body"));

    /// <summary>Those that take numbers, by their series.</summary>
    public IEnumerable<IGrouping<string, int>> Unnumbered => Enumerable.Range(0, Items.Count).Where(place => _unnumbered[place] is not null).GroupBy(place => Items[place].Series, StringComparer.Ordinal);

    /// <summary>Gives the invoice at a place its number and its seal behind another; answers the hash that the next one follows.</summary>
    public string Number(int place, long number, string previous)
    {
        var (json, displayed, seal) = _unnumbered[place]!.Number(number, previous);
        (this[place, _alias], this[place, _number], this[place, _body]) = (displayed, number, SqlValue.OfUtf8(json.Array!, json.Count));
        return seal.Hash;
    }

    private static UnnumberedInvoice? UnnumberedOf(Invoice invoice) => invoice is { IssuedAt: not null, Number: null } ? UnnumberedInvoice.Of(invoice) : null;
}
