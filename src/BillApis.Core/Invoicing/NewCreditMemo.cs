using System.Collections.Immutable;
using BillApis.Invoicing;

namespace BillApis;

/// <summary>Orders that a part of an invoice be taken back.</summary>
/// <param name="Invoice">The invoice's id or number.</param>
/// <param name="Reason">Why, as the customer reads it.</param>
public sealed record NewCreditMemo(string Invoice, string Reason)
{
    /// <summary>How much, taxes included, spread over all lines by what is left of each; null where lines are named.</summary>
    public decimal? Amount { get; init; }

    /// <summary>How much of which lines, taxes included; empty where an amount is named.</summary>
    public ImmutableArray<NewCreditMemoLine> Lines { get; init; } = [];

    /// <summary>Whether what was paid already is to be paid back rather than kept as credit.</summary>
    public bool Refund { get; init; }
}

/// <summary>Takes an amount back of one line.</summary>
/// <param name="Line">The line of the invoice.</param>
/// <param name="Amount">How much, taxes included.</param>
public sealed record NewCreditMemoLine(InvoiceLineId Line, decimal Amount);
