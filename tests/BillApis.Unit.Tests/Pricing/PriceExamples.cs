namespace BillApis.Unit.Tests.Pricing;

/// <summary>One valid price of each model.</summary>
internal static class PriceExamples
{
    public static IReadOnlyList<string> All { get; } =
    [
        """{"currency":"USD","model":"flat","amount":49.9}""",
        """{"currency":"USD","model":"per_unit","unit_amount":0.000003,"unit_conversion":{"operation":"divide","factor":1000,"rounding":"half_up"}}""",
        """{"currency":"USD","model":"graduated","tiers":[{"up_to":1000,"unit_amount":0.01,"flat_amount":5},{"up_to":null,"unit_amount":0.005}]}""",
        """{"currency":"USD","model":"volume","tiers":[{"up_to":1000,"unit_amount":0.01},{"up_to":null,"unit_amount":0.005,"flat_amount":1}]}""",
        """{"currency":"USD","model":"stairstep","tiers":[{"up_to":1000,"flat_amount":10},{"up_to":null,"flat_amount":20}]}""",
        """{"currency":"USD","model":"package","package_size":1000,"package_amount":1.25,"included_quantity":500}""",
        """{"currency":"USD","model":"percentage","rate":2.9,"fixed_per_event":0.3,"free_events":0,"max_per_event":5}""",
        """{"currency":"USD","model":"graduated_percentage","tiers":[{"up_to":10000,"rate":1.5},{"up_to":null,"rate":1}]}""",
        """{"currency":"USD","model":"dynamic","amount_property":"cost","multiplier":1.2}""",
        """{"currency":"USD","model":"matrix","dimensions":["region","size"],"cells":[{"values":["İstanbul",null],"unit_amount":0.02}],"default_unit_amount":0.03}""",
        """{"currency":"USD","model":"per_unit","unit_amount":0.001,"group_by":["region"],"minimum_amount":10,"maximum_amount":1000,"currency_options":[{"currency":"EUR","unit_amount":0.0009}]}""",
    ];
}
