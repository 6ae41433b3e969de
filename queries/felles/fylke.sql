/*---
title = "Fylker over tid: kodene fra 2018, 2020 og 2024"
audience = "arbeid"
grain = ["struktur", "fylkesnr"]
versjon = 1
[columns.struktur]
unit = "år kodene gjelder fra"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.fylkesnr_2020]
unit = "fylkesnummer i strukturen fra 2020"
---*/
-- SSB Klass 104. 30, 38 and 54 were split in 2024; every other code of 2020 lives on. Health regions: definitions D2.
select
    struktur,
    fylkesnr,
    fylkesnr_2020,
    navn,
    region
from (
    values
    (2018, 1, 30, 'Østfold', 'region_sorost'),
    (2018, 2, 30, 'Akershus', 'region_sorost'),
    (2018, 3, 3, 'Oslo', 'region_sorost'),
    (2018, 4, 34, 'Hedmark', 'region_sorost'),
    (2018, 5, 34, 'Oppland', 'region_sorost'),
    (2018, 6, 30, 'Buskerud', 'region_sorost'),
    (2018, 7, 38, 'Vestfold', 'region_sorost'),
    (2018, 8, 38, 'Telemark', 'region_sorost'),
    (2018, 9, 42, 'Aust-Agder', 'region_sorost'),
    (2018, 10, 42, 'Vest-Agder', 'region_sorost'),
    (2018, 11, 11, 'Rogaland', 'region_vest'),
    (2018, 12, 46, 'Hordaland', 'region_vest'),
    (2018, 14, 46, 'Sogn og Fjordane', 'region_vest'),
    (2018, 15, 15, 'Møre og Romsdal', 'region_midt'),
    (2018, 18, 18, 'Nordland', 'region_nord'),
    (2018, 19, 54, 'Troms', 'region_nord'),
    (2018, 20, 54, 'Finnmark', 'region_nord'),
    (2018, 50, 50, 'Trøndelag', 'region_midt'),
    (2020, 3, 3, 'Oslo', 'region_sorost'),
    (2020, 11, 11, 'Rogaland', 'region_vest'),
    (2020, 15, 15, 'Møre og Romsdal', 'region_midt'),
    (2020, 18, 18, 'Nordland', 'region_nord'),
    (2020, 30, 30, 'Viken', 'region_sorost'),
    (2020, 34, 34, 'Innlandet', 'region_sorost'),
    (2020, 38, 38, 'Vestfold og Telemark', 'region_sorost'),
    (2020, 42, 42, 'Agder', 'region_sorost'),
    (2020, 46, 46, 'Vestland', 'region_vest'),
    (2020, 50, 50, 'Trøndelag', 'region_midt'),
    (2020, 54, 54, 'Troms og Finnmark', 'region_nord'),
    (2024, 3, 3, 'Oslo', 'region_sorost'),
    (2024, 11, 11, 'Rogaland', 'region_vest'),
    (2024, 15, 15, 'Møre og Romsdal', 'region_midt'),
    (2024, 18, 18, 'Nordland', 'region_nord'),
    (2024, 31, 31, 'Østfold', 'region_sorost'),
    (2024, 32, 32, 'Akershus', 'region_sorost'),
    (2024, 33, 33, 'Buskerud', 'region_sorost'),
    (2024, 34, 34, 'Innlandet', 'region_sorost'),
    (2024, 39, 39, 'Vestfold', 'region_sorost'),
    (2024, 40, 40, 'Telemark', 'region_sorost'),
    (2024, 42, 42, 'Agder', 'region_sorost'),
    (2024, 46, 46, 'Vestland', 'region_vest'),
    (2024, 50, 50, 'Trøndelag', 'region_midt'),
    (2024, 55, 55, 'Troms', 'region_nord'),
    (2024, 56, 56, 'Finnmark', 'region_nord')
) as koder (struktur, fylkesnr, fylkesnr_2020, navn, region)
order by struktur, fylkesnr
