namespace BillApis.Identity;

/// <summary>What the people of a customer may do with what is their own company's, and may hand on to its API keys.</summary>
internal static class CustomerRights
{
    public static PermissionSet All { get; } = new(
        new[] { "subscriptions", "usage", "credits", "invoices", "payments", "credit-memos" }.Select(resource => new Permission(resource, Permission.Read)));
}
