namespace BillApis;

/// <summary>A postal address; every part is optional.</summary>
/// <param name="Line1">Street and number.</param>
/// <param name="Line2">What else finds the door.</param>
/// <param name="City">The town.</param>
/// <param name="Region">The state, province or county.</param>
/// <param name="PostalCode">The postal code.</param>
/// <param name="Country">ISO 3166-1 alpha-2.</param>
public sealed record Address(string? Line1 = null, string? Line2 = null, string? City = null, string? Region = null, string? PostalCode = null, string? Country = null);
