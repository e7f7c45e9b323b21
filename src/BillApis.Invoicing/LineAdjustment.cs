namespace BillApis.Invoicing;

/// <summary>How an adjustment came to its amount: what the period comes to now, less what was billed for it.</summary>
/// <param name="Quantity">What was used in the whole period, as it is known now.</param>
/// <param name="Amount">What that costs.</param>
/// <param name="Billed">What earlier invoices and credit memos billed of it.</param>
public sealed record LineAdjustment(decimal Quantity, Money Amount, Money Billed);
