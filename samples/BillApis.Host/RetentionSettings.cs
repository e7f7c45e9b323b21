using System.Globalization;

namespace BillApis.Host;

/// <summary>How long single events of usage are kept in the database.</summary>
internal static class RetentionSettings
{
    public static Func<BillingBuilder, BillingBuilder> Read(IConfiguration billing)
    {
        var retention = billing.GetSection("UsageRetention");
        var (text, folder) = (retention["Months"], retention["Folder"]);
        if (text is null)
        {
            return Use(null, folder);
        }

        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var months) || months is < 1 or > Limits.MostRetentionMonths)
        {
            throw new SettingException("Billing:UsageRetention:Months", text, $"a number of months from 1 to {Limits.MostRetentionMonths}");
        }

        return folder is null ? throw new SettingException("Billing:UsageRetention:Folder", null, "a folder for the archive, since Billing:UsageRetention:Months is set") : Use(months, folder);
    }

    private static Func<BillingBuilder, BillingBuilder> Use(int? months, string? folder) => builder =>
    {
        builder.Services.Configure<BillingOptions>(options => (options.UsageRetentionMonths, options.UsageArchiveFolder) = (months, folder));
        return builder;
    };
}
