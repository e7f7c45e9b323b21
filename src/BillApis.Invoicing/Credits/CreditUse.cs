namespace BillApis.Invoicing;

/// <summary>What an invoice took from a grant.</summary>
/// <param name="Grant">The grant.</param>
/// <param name="Category">Promotional credit discounts the invoice before tax; paid credit pays it after.</param>
/// <param name="Amount">How much, more than zero.</param>
public sealed record CreditUse(CreditGrantId Grant, CreditCategory Category, Money Amount);
